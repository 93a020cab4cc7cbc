package io.posthorn.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The long run fails where it found something and where it did nothing; what it keeps stays. */
class FuzzRunTest {
  @Test
  void aRunPassesOnlyIfItRanAndFoundNothing() {
    assertNull(new FuzzOutcome(0, 10, Set.of()).failure());
    assertNotNull(new FuzzOutcome(77, 10, Set.of("crash-1")).failure());
    assertNotNull(new FuzzOutcome(0, 10, Set.of("crash-1")).failure());
    assertNotNull(new FuzzOutcome(77, 10, Set.of()).failure(), "what was found before");
    assertNotNull(new FuzzOutcome(1, 0, Set.of()).failure(), "did not start");
    assertNotNull(new FuzzOutcome(0, 0, Set.of()).failure(), "ran nothing");
  }

  @Test
  void aNameThatIsNoTargetsIsAFault() {
    assertEquals(FuzzTarget.all(), FuzzRun.targets(List.of("all")));
    List<FuzzTarget> two = FuzzRun.targets(List.of("FrameFuzz", "KryoBodyFuzz"));
    assertEquals(List.of("FrameFuzz", "KryoBodyFuzz"), two.stream().map(FuzzTarget::name).toList());
    for (String wrong : List.of("FrameFuz", "", "framefuzz", "ALL")) {
      for (List<String> names : List.of(List.of(wrong), List.of("all", wrong))) {
        Exception e = assertThrows(IllegalArgumentException.class, () -> FuzzRun.targets(names));
        assertTrue(String.valueOf(e.getMessage()).contains(wrong), "names it");
      }
    }
  }

  @Test
  void linesWithARemarkStayBesideTheShortestOfTheNew() {
    String before = "# Inputs.\n00ff # found once\n77\n\n0102 # and this\n";
    assertEquals(
        """
        # Inputs that fuzzing of X kept, one a line.
        00ff # found once
        0102 # and this
        05
        0403
        """,
        KeptInputs.text(
            "X", before, List.of(new byte[] {4, 3}, new byte[] {1, 2}, new byte[] {5})));
  }

  @Test
  void nothingIsKeptOfAMergeThatFailed() {
    assertThrows(IllegalStateException.class, () -> KeptInputs.text("X", "00\n", List.of()));
  }

  @Test
  void noMoreIsKeptThanThereIsRoomFor() {
    List<byte[]> many = new ArrayList<>();
    for (int i = 0; i < 2 * KeptInputs.MOST_INPUTS; i++) {
      many.add(new byte[] {(byte) i});
    }
    assertEquals(KeptInputs.MOST_INPUTS, lines(KeptInputs.text("X", "", many)));
    List<byte[]> large = List.of(new byte[KeptInputs.MOST_BYTES], new byte[] {1});
    assertEquals(1, lines(KeptInputs.text("X", "", large)));
  }

  private static long lines(String text) {
    return text.lines().filter(line -> !line.startsWith("#")).count();
  }
}
