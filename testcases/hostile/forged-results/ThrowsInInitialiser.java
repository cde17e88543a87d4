// expect: RTE exit 1 | wall: output | fact: a class that fails before main does not count as a program that did nothing wrong
public class ThrowsInInitialiser {
    static final int VALUE = Integer.parseInt("accepted");

    public static void main(String[] arguments) {
        System.out.println("done " + VALUE);
    }
}
