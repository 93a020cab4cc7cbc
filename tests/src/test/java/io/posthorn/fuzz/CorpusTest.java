package io.posthorn.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each target takes all that fuzzing has found worth keeping, and a little noise upon it. */
class CorpusTest {
  private static final int MUTANTS = 40;

  @TestFactory
  Stream<DynamicTest> nothingInTheCorpusFindsAFault() {
    return FuzzTarget.all().stream()
        .map(target -> DynamicTest.dynamicTest(target.name(), () -> runAll(target)));
  }

  private static void runAll(FuzzTarget target) {
    List<byte[]> inputs = new ArrayList<>(target.seeds());
    assertFalse(inputs.isEmpty(), "no seeds");
    inputs.addAll(target.kept());
    inputs.add(new byte[0]);
    for (byte[] input : inputs) {
      run(target, input);
    }
    SplittableRandom random = new SplittableRandom(target.name().hashCode());
    for (int i = 0; i < MUTANTS; i++) {
      run(target, mutant(inputs.get(random.nextInt(inputs.size())), random));
    }
  }

  private static void run(FuzzTarget target, byte[] input) {
    try {
      target.run(input.clone());
    } catch (RuntimeException | Error fault) {
      throw new AssertionError(target.name() + " " + HexFormat.of().formatHex(input), fault);
    }
  }

  /** Some bytes changed, or the end cut off, or something doubled. */
  private static byte[] mutant(byte[] input, SplittableRandom random) {
    byte[] mutant = input.clone();
    if (mutant.length == 0) {
      return mutant;
    }
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
    }
    return switch (random.nextInt(4)) {
      case 0 -> Arrays.copyOf(mutant, random.nextInt(mutant.length + 1));
      case 1 -> {
        byte[] twice = Arrays.copyOf(mutant, 2 * mutant.length);
        System.arraycopy(mutant, 0, twice, mutant.length, mutant.length);
        yield twice;
      }
      default -> mutant;
    };
  }

  @Test
  void everyTargetIsListed() throws IOException {
    Path tests = Path.of(System.getProperty("posthorn.root"), "tests/src/test/java");
    TreeSet<String> found = new TreeSet<>();
    try (Stream<Path> files = Files.walk(tests)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith("Fuzz.java"))
          .forEach(file -> found.add(file.replace(".java", "")));
    }
    TreeSet<String> listed = new TreeSet<>();
    FuzzTarget.all().forEach(target -> listed.add(target.name()));
    assertEquals(found, listed);
  }
}
