// expect: OK refused | wall: network | fact: Java's sockets, channels and groups reach nobody
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

public class Sockets {
    private static boolean reached;

    private interface Misdeed {
        void commit() throws Exception;
    }

    private static void attempt(String name, Misdeed misdeed) {
        try {
            misdeed.commit();
            System.out.println("reached " + name);
            reached = true;
        } catch (Exception refused) {
            // as it should be
        }
    }

    public static void main(String[] arguments) {
        byte[] data = {'x'};
        attempt("TCP", () -> SocketChannel.open(new InetSocketAddress("127.0.0.1", @PORT@)));
        attempt("TCP 6", () -> SocketChannel.open(new InetSocketAddress("::1", @PORT@)));
        attempt("UDP", () -> new DatagramSocket().send(new DatagramPacket(data, 1, InetAddress.getByName("127.0.0.1"), @PORT@)));
        attempt("a group", () -> new MulticastSocket().send(new DatagramPacket(data, 1, InetAddress.getByName("224.0.0.1"), @PORT@)));
        attempt("a path", () -> SocketChannel.open(UnixDomainSocketAddress.of("@CANARY@.socket")));
        attempt("a page", () -> URI.create("http://127.0.0.1:@PORT@/").toURL().openStream());
        attempt("a name", () -> InetAddress.getByName("answers.example.com"));
        attempt("an open channel", () -> SocketChannel.open(StandardProtocolFamily.INET).connect(new InetSocketAddress("10.0.0.1", 80)));
        if (!reached) {
            System.out.println("refused");
        }
    }
}
