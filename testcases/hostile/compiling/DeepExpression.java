// expect: CE | wall: compile | fact: an expression too deep for the compiler's stack is a compile error
public class DeepExpression {
    public static void main(String[] arguments) {
        int deep = @REPEAT 20000 (@1@REPEAT 20000 )@;
        System.out.println(deep);
    }
}
