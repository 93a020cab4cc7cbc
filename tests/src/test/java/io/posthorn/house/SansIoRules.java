package io.posthorn.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;

/**
 * What a class without I/O may know: an allow-list of the JDK, and within it what would still bring
 * in time, chance, threads or state that two tests share.
 */
final class SansIoRules {
  private static final Set<String> JDK_PACKAGES =
      Set.of(
          "java.lang",
          "java.lang.annotation",
          "java.lang.constant",
          "java.lang.invoke",
          "java.lang.runtime",
          "java.math",
          "java.nio",
          "java.nio.charset",
          "java.security",
          "java.security.interfaces",
          "java.security.spec",
          "java.util",
          "java.util.function",
          "java.util.random",
          "java.util.zip",
          "javax.crypto",
          "javax.crypto.spec",
          "org.jspecify.annotations");

  /** Single classes of packages that are otherwise closed. */
  private static final Set<String> JDK_CLASSES =
      Set.of(
          "java.io.Serializable", // supertype of every enum's and lambda's machinery
          "java.net.Inet4Address",
          "java.net.Inet6Address",
          "java.net.InetAddress",
          "java.net.InetSocketAddress",
          "java.net.SocketAddress",
          "java.net.UnknownHostException", // declared by InetAddress.getByAddress
          "java.time.Duration");

  private static final Set<String> FORBIDDEN_CLASSES =
      Set.of(
          "java.lang.InheritableThreadLocal",
          "java.lang.Process",
          "java.lang.ProcessBuilder",
          "java.lang.Runtime",
          "java.lang.System$Logger",
          "java.lang.Thread",
          "java.lang.ThreadGroup",
          "java.lang.ThreadLocal",
          "java.security.SecureRandom",
          "java.security.KeyPairGenerator", // draws from the JDK's own randomness
          "java.util.Random",
          "java.util.SplittableRandom",
          "java.util.Timer",
          "java.util.TimerTask",
          "java.util.random.RandomGeneratorFactory",
          "javax.crypto.KeyGenerator");

  /** Methods of {@code InetAddress} that ask a name server or a host. */
  private static final Set<String> ASKS_THE_NETWORK =
      Set.of(
          "getAllByName",
          "getByName",
          "getCanonicalHostName",
          "getHostName",
          "getLocalHost",
          "isReachable");

  private SansIoRules() {}

  /** The rules for all classes in these packages; each may hold for none yet. */
  static List<ArchRule> forPackages(String... packages) {
    ArchRule known =
        classes()
            .that()
            .resideInAnyPackage(packages)
            .should()
            .onlyDependOnClassesThat(
                DescribedPredicate.describe(
                    "are pure: no socket, channel, file, thread, lock, stream, clock, logger or"
                        + " source of randomness",
                    SansIoRules::isPure));
    ArchRule calls =
        noClasses()
            .that()
            .resideInAnyPackage(packages)
            .should()
            .accessTargetWhere(
                DescribedPredicate.describe(
                    "brings in time, chance, threads or streams", SansIoRules::isImpure));
    ArchRule state =
        fields()
            .that()
            .areDeclaredInClassesThat()
            .resideInAnyPackage(packages)
            .and(
                DescribedPredicate.<JavaField>describe(
                    "are static", f -> f.getModifiers().contains(JavaModifier.STATIC)))
            .should()
            .beFinal();
    ArchRule visibility =
        fields()
            .that()
            .areDeclaredInClassesThat()
            .resideInAnyPackage(packages)
            .should()
            .notHaveModifier(JavaModifier.VOLATILE);
    ArchRule locks =
        methods()
            .that()
            .areDeclaredInClassesThat()
            .resideInAnyPackage(packages)
            .should()
            .notHaveModifier(JavaModifier.SYNCHRONIZED);
    return List.of(
        known.allowEmptyShould(true),
        calls.allowEmptyShould(true),
        state.allowEmptyShould(true),
        visibility.allowEmptyShould(true),
        locks.allowEmptyShould(true));
  }

  private static boolean isPure(JavaClass used) {
    JavaClass element = used.getBaseComponentType();
    if (element.isPrimitive() || element.getPackageName().startsWith("io.posthorn")) {
      return true; // the direction of Posthorn's own imports is another rule
    }
    String name = element.getName();
    if (FORBIDDEN_CLASSES.contains(name)) {
      return false;
    }
    return JDK_PACKAGES.contains(element.getPackageName()) || JDK_CLASSES.contains(name);
  }

  private static boolean isImpure(JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    String name = ((HasName) access.getTarget()).getName();
    if (access.getTarget() instanceof AccessTarget.MethodCallTarget call
        && call.getRawReturnType().getPackageName().equals("java.util.stream")) {
      return true;
    }
    return switch (owner) {
      case "java.lang.System" -> !name.equals("arraycopy") && !name.equals("identityHashCode");
      case "java.lang.Math", "java.lang.StrictMath" -> name.equals("random");
      case "java.util.UUID" -> name.equals("randomUUID");
      case "java.util.Collections" -> name.equals("shuffle");
      case "java.util.random.RandomGenerator" -> name.equals("of") || name.equals("getDefault");
      case "java.net.InetAddress", "java.net.Inet4Address", "java.net.Inet6Address" ->
          ASKS_THE_NETWORK.contains(name);
      case "java.net.InetSocketAddress" -> name.equals("getHostName") || looksUpName(access);
      default -> Set.of("wait", "notify", "notifyAll").contains(name) && isObjectMethod(access);
    };
  }

  /** {@code new InetSocketAddress(String, int)} resolves. */
  private static boolean looksUpName(JavaAccess<?> access) {
    return access.getTarget() instanceof AccessTarget.ConstructorCallTarget target
        && !target.getRawParameterTypes().isEmpty()
        && target.getRawParameterTypes().get(0).getName().equals("java.lang.String");
  }

  private static boolean isObjectMethod(JavaAccess<?> access) {
    return access.getTarget().resolveMember().stream()
        .anyMatch(
            member ->
                member instanceof JavaCodeUnit && member.getOwner().isEquivalentTo(Object.class));
  }
}
