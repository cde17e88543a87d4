// expect: SV unshare | wall: seccomp | fact: native code that a Java program has made at run time, and loads, is under the same filter
import java.nio.file.Files;
import java.nio.file.Path;

public class NativeCode {
    static native int attack();

    public static void main(String[] arguments) throws Exception {
        Files.writeString(Path.of("native.c"), "int unshare(int); int Java_NativeCode_attack() { return unshare(0x10000000); }");
        new ProcessBuilder("/usr/bin/gcc", "-shared", "-fPIC", "-o", "libnative.so", "native.c").inheritIO().start().waitFor();
        System.load("/box/libnative.so");
        System.out.println("reached " + attack());
    }
}
