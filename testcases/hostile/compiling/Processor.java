// expect: OK refused | wall: compile | fact: an annotation processor in the submission is compiled and never run by the compiler
import java.io.File;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.element.TypeElement;

@SupportedAnnotationTypes("*")
public class Processor extends AbstractProcessor {
    static {
        try {
            new File("Left.class").createNewFile();
        } catch (java.io.IOException nothing) {
        }
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        return false;
    }

    static class Main {
        public static void main(String[] arguments) {
            System.out.println(new File("Left.class").exists() ? "reached the compiler" : "refused");
        }
    }

    public static void main(String[] arguments) {
        System.out.println(new File("Left.class").length() > 0 ? "reached the compiler" : "refused");
    }
}
