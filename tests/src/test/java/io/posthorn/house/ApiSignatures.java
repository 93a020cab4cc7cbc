package io.posthorn.house;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What code that was compiled against an API relies on: one line for each part of it, sorted. */
final class ApiSignatures {
  private final Set<String> lines = new TreeSet<>();
  private final Set<String> packages;

  private ApiSignatures(Set<String> packages) {
    this.packages = packages;
  }

  /** Of the public ones of these classes; the packages are all that others can name. */
  static Set<String> of(List<Class<?>> classes, Set<String> packages) {
    ApiSignatures signatures = new ApiSignatures(packages);
    for (Class<?> type : classes) {
      signatures.add(type);
    }
    return signatures.lines;
  }

  /**
   * What no longer holds for code compiled against the old API, or for classes that implement it.
   */
  static Set<String> broken(Set<String> before, Set<String> now) {
    Set<String> broken = new TreeSet<>();
    for (String line : before) {
      if (!now.contains(line)) {
        broken.add("gone: " + line);
      }
    }
    for (String line : now) {
      String type = line.split(" ", 2)[0];
      boolean isKnown = before.stream().anyMatch(old -> old.startsWith(type + " type"));
      if (isKnown && line.contains(" abstract ") && !before.contains(line)) {
        broken.add("to be implemented: " + line);
      }
    }
    return broken;
  }

  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private void add(Class<?> type) {
    for (Class<?> at = type; at != null; at = at.getEnclosingClass()) {
      if (!isVisible(at.getModifiers())) {
        return;
      }
    }
    String name = type.getName();
    String kind = type.isInterface() ? "interface" : type.isEnum() ? "enum" : "class";
    boolean isFinal = Modifier.isFinal(type.getModifiers());
    lines.add(name + " type " + (isFinal && !type.isEnum() ? "final " : "") + kind);
    for (Type above : type.getGenericInterfaces()) {
      lines.add(name + " is " + above.getTypeName());
    }
    // What is inherited from a class that nobody else can name is as if the class itself had it.
    Class<?> own = type;
    while (isHidden(own.getSuperclass())) {
      own = own.getSuperclass();
      addMethods(own, name, isFinal);
    }
    if (own.getGenericSuperclass() != null) {
      lines.add(name + " is " + own.getGenericSuperclass().getTypeName());
    }
    for (Field field : type.getDeclaredFields()) {
      if (isVisible(field.getModifiers()) && !field.isSynthetic()) {
        String constant = Modifier.isStatic(field.getModifiers()) ? "static " : "";
        lines.add(
            name
                + " has "
                + constant
                + field.getGenericType().getTypeName()
                + " "
                + field.getName());
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      addExecutable(name + " has ", constructor, "new");
    }
    addMethods(type, name, isFinal);
  }

  private boolean isHidden(@Nullable Class<?> type) {
    return type != null
        && type.getName().startsWith("io.posthorn.")
        && !packages.contains(type.getPackageName());
  }

  private void addMethods(Class<?> type, String name, boolean isFinal) {
    boolean isOpen = !isFinal && !type.isEnum() && !type.isSealed();
    for (Method method : type.getDeclaredMethods()) {
      int modifiers = method.getModifiers();
      if (isFinal && Modifier.isProtected(modifiers)) {
        continue; // there is no subclass that could see it
      }
      String words = Modifier.isStatic(modifiers) ? "static " : "";
      words += isOpen && Modifier.isAbstract(modifiers) ? "abstract " : "";
      String result = method.getGenericReturnType().getTypeName();
      addExecutable(name + " has " + words + result + " ", method, method.getName());
    }
  }

  private void addExecutable(String before, Executable executable, String name) {
    if (!isVisible(executable.getModifiers()) || executable.isSynthetic()) {
      return;
    }
    StringJoiner parameters = new StringJoiner(", ", "(", ")");
    for (Type parameter : executable.getGenericParameterTypes()) {
      parameters.add(parameter.getTypeName());
    }
    List<String> thrown =
        Arrays.stream(executable.getGenericExceptionTypes())
            .map(Type::getTypeName)
            .sorted()
            .toList();
    lines.add(
        before
            + name
            + parameters
            + (thrown.isEmpty() ? "" : " throws " + String.join(", ", thrown)));
  }
}
