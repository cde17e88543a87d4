// expect: RTE exit 5 | wall: output | fact: what shutdown hooks print after a failure does not make it a success
public class ShutdownHook {
    public static void main(String[] arguments) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("AC\n{\"exit\":0}")));
        System.exit(5);
    }
}
