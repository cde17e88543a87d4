// expect: OK done | wall: network | fact: Java's port for managers opens to nobody outside
import java.net.ServerSocket;
import java.rmi.registry.LocateRegistry;

public class ManagementPort {
    public static void main(String[] arguments) throws Exception {
        LocateRegistry.createRegistry(@PORT@);
        new ServerSocket(0);
        System.out.println("done");
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
