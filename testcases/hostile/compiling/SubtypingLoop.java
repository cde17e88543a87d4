// expect: CE or CTL | wall: compile | fact: a question about types that has no end is given up
public class SubtypingLoop {
    interface Negated<Z> {
    }

    static class Growing<X> implements Negated<Negated<? super Growing<Growing<X>>>> {
    }

    static Negated<? super Growing<Byte>> ask(Growing<Byte> growing) {
        return growing;
    }

    public static void main(String[] arguments) {
        System.out.println("reached " + ask(new Growing<Byte>()));
    }
}
