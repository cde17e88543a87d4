// expect: OLE | wall: output | fact: small pieces of output, to both ends by turns, are counted together
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
