// expect: OLE | wall: output | fact: output in single bytes to both ends is counted together
public class SmallWrites {
    public static void main(String[] arguments) {
        byte[] some = new byte[64];
        while (true) {
            System.out.write(some, 0, some.length);
            System.err.write(some, 0, some.length);
            System.out.flush();
        }
    }
}
