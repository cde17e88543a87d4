// expect: CE or CTL | wall: compile | fact: a constant that doubles until memory is full ends the compiler alone
public class Doubling {
    static final String A = "0123456789abcdef0123456789abcdef", B = A + A + A + A + A + A + A + A;
    static final String C = B + B + B + B + B + B + B + B, D = C + C + C + C + C + C + C + C;
    static final String E = D + D + D + D + D + D + D + D, F = E + E + E + E + E + E + E + E;
    static final String G = F + F + F + F + F + F + F + F, H = G + G + G + G + G + G + G + G;
    static final String I = H + H + H + H + H + H + H + H, J = I + I + I + I + I + I + I + I;

    public static void main(String[] arguments) {
        System.out.println(J.length());
    }
}
