// @EXPECTED_RESULTS@: COMPILER-ERROR
class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in); // not imported
        System.out.println(in.nextLong() + in.nextLong());
    }
}
