// expect: OK refused | wall: compile | fact: code hidden in comments by unicode escapes is code, and has no more rights than other code
public class CodeInComments {
    public static void main(String[] arguments) {
        String seen = "refused";
        // \u000a java.io.File canary = new java.io.File("@CANARY@"); if (canary.exists()) seen = "reached it";
        /* \u002a\u002f seen = new java.io.File("/etc/shadow").exists() ? "reached it" : seen; \u002f\u002a */
        System.out.println(seen);
    }
}
