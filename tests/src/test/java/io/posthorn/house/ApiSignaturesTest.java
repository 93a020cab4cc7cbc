package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.MessageSocket;
import io.posthorn.simulation.SimulatedHost;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Semantic versioning: code compiled against the API that {@code transport/api.txt} lists goes on
 * working. What is new need not be listed until the next release; what breaks is allowed with a new
 * major version (before 1.0 a new minor one) only. {@code -Dposthorn.api.write=true} writes the
 * list anew.
 */
class ApiSignaturesTest {
  private static final Path LIST = SourceFile.ROOT.resolve("transport/api.txt");

  private static Set<String> now() throws IOException {
    Set<String> exported = new TreeSet<>();
    Matcher export =
        Pattern.compile("exports ([\\w.]+);")
            .matcher(
                Files.readString(
                    SourceFile.ROOT.resolve("transport/src/main/java/module-info.java")));
    while (export.find()) {
      exported.add(export.group(1));
    }
    // Tests are in the same packages.
    CodeSource library = MessageSocket.class.getProtectionDomain().getCodeSource();
    List<Class<?>> classes =
        ReflectionSupport.findAllClassesInPackage(
            "io.posthorn",
            type -> library.equals(type.getProtectionDomain().getCodeSource()),
            name -> exported.contains(name.substring(0, name.lastIndexOf('.'))));
    return ApiSignatures.of(classes, exported);
  }

  @Test
  void whatWasPromisedIsStillThere() throws IOException {
    Set<String> now = now();
    assertTrue(now.contains("io.posthorn.MessageSocket type final class"), now.toString());
    String stays = "io.posthorn.simulation.SimulatedHost has abstract long nextTimeoutNanos()";
    assertTrue(now.contains(stays), "the list has another form");
    if (Boolean.getBoolean("posthorn.api.write")) {
      Files.write(LIST, now);
    }
    Set<String> before = new TreeSet<>(Files.readAllLines(LIST));
    assertEquals(
        Set.of(),
        ApiSignatures.broken(before, now),
        "this breaks code that was compiled before: raise the version, then write transport/api.txt"
            + " anew with -Dposthorn.api.write=true");
  }

  /** A protocol of somebody else runs in the simulated network without a type of this library. */
  @Test
  void aSimulatedHostIsWrittenInTypesOfTheJdkAlone() {
    Set<String> named = new TreeSet<>();
    for (Method method : SimulatedHost.class.getMethods()) {
      List<Type> types = new ArrayList<>(List.of(method.getGenericParameterTypes()));
      types.addAll(List.of(method.getGenericExceptionTypes()));
      types.add(method.getGenericReturnType());
      for (Type type : types) {
        Matcher name = Pattern.compile("\\w+(\\.\\w+)+").matcher(type.getTypeName());
        while (name.find()) {
          named.add(name.group());
        }
      }
    }
    assertTrue(named.contains("java.nio.ByteBuffer"), named.toString());
    named.removeIf(name -> name.startsWith("java."));
    assertEquals(Set.of(), named);
    assertEquals(0, SimulatedHost.class.getInterfaces().length);
  }

  @Test
  void whatBreaksIsFoundAndWhatDoesNotIsNot() {
    Set<String> before = Set.of("a.Known type interface", "a.Known has void gone()");
    Set<String> now =
        Set.of(
            "a.Known type interface",
            "a.Known has void later()",
            "a.Known has abstract void toDo()",
            "a.New type interface",
            "a.New has abstract void fine()");
    assertEquals(
        new TreeSet<>(
            List.of(
                "gone: a.Known has void gone()",
                "to be implemented: a.Known has abstract void toDo()")),
        ApiSignatures.broken(before, now));
  }
}
