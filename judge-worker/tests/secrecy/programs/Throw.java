// @CANARY@
import java.io.*;

public class Main {
    public static void main(String[] args) throws IOException {
        String data = new String(System.in.readAllBytes());
        if (data.startsWith("public")) {
            System.out.println(data.split("\\s+")[4]);
        } else {
            throw new IllegalStateException(data);
        }
    }
}
