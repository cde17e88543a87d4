// expect: CE | wall: compile | fact: a class whose file's name is too long for any file system is a compile error
public class LongNames {
    static class Inner@REPEAT 300 x@ {
    }

    public static void main(String[] arguments) {
        System.out.println(new Inner@REPEAT 300 x@());
    }
}
