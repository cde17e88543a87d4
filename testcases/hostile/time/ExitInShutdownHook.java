// expect: WTL | wall: wall clock | fact: a Java machine that locks itself up on its way out is ended
public class ExitInShutdownHook {
    public static void main(String[] arguments) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.exit(0)));
        System.exit(0);
    }
}
