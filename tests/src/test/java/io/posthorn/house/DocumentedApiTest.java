package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.DirectiveTree;
import com.sun.source.tree.ExportsTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Everything public in an exported package says what it means. Doclint's own check of this asks for
 * a tag for each parameter and result too, which for most would only repeat the sentence.
 */
class DocumentedApiTest {
  private static final String SOURCES = "transport/src/main/java";

  @Test
  void everythingPublicIsDocumented() throws IOException {
    Set<String> exported = exportedPackages();
    assertTrue(exported.contains("io.posthorn"), "module-info.java was not read: " + exported);
    List<SourceFile> files = new ArrayList<>();
    for (String name : exported) {
      String folder = SOURCES + "/" + name.replace('.', '/');
      for (SourceFile file : SourceFile.under(folder, ".java")) {
        if (file.path().lastIndexOf('/') == folder.length()) {
          files.add(file);
        }
      }
    }
    assertTrue(files.size() > 10, "the sources were not found");
    assertEquals(List.of(), undocumented(files));
  }

  @Test
  void whatIsNotDocumentedIsFound() throws IOException {
    SourceFile sample =
        new SourceFile(
            "Sample.java",
            """
            public class Sample {
              public int field;
              public Sample() {}
              /** Told. */ public void told() {}
              protected void untold() {}
              void internal() {}
              private void hidden() {}
              @Override public String toString() { return ""; }
              public interface Inner { void implicit(); }
              /** Told. */ public enum Kind { BARE, /** Told. */ TOLD }
              private static class Hidden { public void unseen() {} }
              /** Told, and so are its parts. */ public record Pair(int a, int b) {}
            }
            """);
    assertEquals(
        List.of(
            "Sample.java:1 Sample",
            "Sample.java:2 field",
            "Sample.java:3 <init>",
            "Sample.java:5 untold",
            "Sample.java:9 Inner",
            "Sample.java:9 implicit",
            "Sample.java:10 BARE"),
        undocumented(List.of(sample)));
  }

  private static Set<String> exportedPackages() throws IOException {
    Set<String> exported = new TreeSet<>();
    SourceFile module = SourceFile.read(SourceFile.ROOT.resolve(SOURCES + "/module-info.java"));
    for (CompilationUnitTree unit : task(List.of(module)).parse()) {
      for (DirectiveTree directive : unit.getModule().getDirectives()) {
        if (directive instanceof ExportsTree exports) {
          exported.add(exports.getPackageName().toString());
        }
      }
    }
    return exported;
  }

  private static List<String> undocumented(List<SourceFile> files) throws IOException {
    JavacTask task = task(files);
    Iterable<? extends CompilationUnitTree> units = task.parse();
    PublicScanner scanner = new PublicScanner(DocTrees.instance(task));
    for (CompilationUnitTree unit : units) {
      scanner.scan(unit, false);
    }
    return scanner.undocumented;
  }

  private static JavacTask task(List<SourceFile> files) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<JavaFileObject> units = new ArrayList<>();
    for (SourceFile file : files) {
      units.add(
          new SimpleJavaFileObject(
              URI.create("string:///" + file.path()), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
              return file.text();
            }
          });
    }
    return (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null, units);
  }

  /** Visits what a user can name; the argument says whether the type around is an interface. */
  private static final class PublicScanner extends TreePathScanner<Void, Boolean> {
    private final DocTrees docs;
    private final List<String> undocumented = new ArrayList<>();

    private PublicScanner(DocTrees docs) {
      this.docs = docs;
    }

    @Override
    public Void visitClass(ClassTree type, Boolean inInterface) {
      if (isVisible(type.getModifiers(), inInterface)) {
        check(type, type.getSimpleName().toString());
        // Members only: the bodies of methods hold nothing that a user can name.
        boolean anInterface = type.getKind() == Tree.Kind.INTERFACE;
        type.getMembers().forEach(member -> scan(member, anInterface));
      }
      return null;
    }

    @Override
    public Void visitMethod(MethodTree method, Boolean inInterface) {
      boolean inherited =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
      // A compact constructor is documented by its record.
      boolean ofRecord =
          method.getName().contentEquals("<init>")
              && getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.RECORD;
      if (!inherited && !ofRecord && isVisible(method.getModifiers(), inInterface)) {
        check(method, method.getName().toString());
      }
      return null;
    }

    @Override
    public Void visitVariable(VariableTree field, Boolean inInterface) {
      if (isVisible(field.getModifiers(), inInterface)) {
        check(field, field.getName().toString());
      }
      return null;
    }

    private static boolean isVisible(ModifiersTree modifiers, boolean inInterface) {
      Set<Modifier> flags = modifiers.getFlags();
      return flags.contains(Modifier.PUBLIC)
          || flags.contains(Modifier.PROTECTED)
          || (inInterface && !flags.contains(Modifier.PRIVATE));
    }

    private void check(Tree tree, String name) {
      if (docs.getDocCommentTree(getCurrentPath()) == null) {
        CompilationUnitTree unit = getCurrentPath().getCompilationUnit();
        long at = docs.getSourcePositions().getStartPosition(unit, tree);
        String path = unit.getSourceFile().getName();
        undocumented.add(
            (path.startsWith("/") ? path.substring(1) : path)
                + ":"
                + unit.getLineMap().getLineNumber(at)
                + " "
                + name);
      }
    }
  }
}
