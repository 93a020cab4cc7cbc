package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.End;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Folder;
import io.posthorn.cli.files.CopyMessage.Hello;
import io.posthorn.cli.files.CopyMessage.Result;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** COPY.md §2. */
class CopyMessageProperties {
  private static final byte[] HASH = new byte[TreeHash.HASH_BYTES];

  private static final List<CopyMessage> ALL =
      List.of(
          new Hello(3, Long.MAX_VALUE, "a/b"),
          new Folder(1, "ä", 0755, -1, 999_999_999),
          new File(2, "x", 0644, 1, 0, CopyMessage.UNKNOWN_SIZE, 0, false, new byte[0]),
          new File(-2, "x", 0777, Long.MIN_VALUE, 0, 5, 5, true, HASH),
          new CopyMessage.Start(1 << 20),
          new CopyMessage.Piece(new byte[] {'B', 1, 2}, 1),
          new CopyMessage.Hole(7),
          new End(0, HASH),
          new CopyMessage.GiveUp("reason"),
          new CopyMessage.Done(),
          new CopyMessage.Welcome(),
          new Answer(9, 0, 1 << 20, HASH),
          new Answer(9, 73, 0, new byte[0]),
          new CopyMessage.Progress(77),
          new Result(4, 255, "why"));

  @Example
  void eachIsReadAsItWasWrittenAndNoOtherLengthIs() {
    for (CopyMessage message : ALL) {
      byte[] bytes = CopyMessage.encode(message);
      CopyMessage read = CopyMessage.decode(bytes);
      assertNotNull(read, message.toString());
      assertEquals(message.getClass(), read.getClass());
      assertArrayEquals(bytes, CopyMessage.encode(read));
      if (!(message instanceof CopyMessage.Piece)) {
        assertNull(CopyMessage.decode(Arrays.copyOf(bytes, bytes.length + 1)), message.toString());
        for (int cut = 0; cut < bytes.length; cut++) {
          CopyMessage shorter = CopyMessage.decode(Arrays.copyOf(bytes, cut));
          boolean withoutItsHash = mayLackItsHash(message) && cut == bytes.length - HASH.length;
          assertEquals(
              withoutItsHash, shorter != null, () -> message + " cut to " + Arrays.toString(bytes));
        }
      }
    }
  }

  private static boolean mayLackItsHash(CopyMessage message) {
    return (message instanceof File file && file.hash().length > 0)
        || (message instanceof Answer answer && answer.hash().length > 0);
  }

  @Property(tries = 2_000)
  void whateverComesHasAnAnswer(@ForAll byte[] bytes, @ForAll int kind) {
    byte[] typed = bytes.clone();
    if (typed.length > 0) {
      typed[0] = (byte) "HDFSBZEXQWAPR".charAt(Math.floorMod(kind, 13));
    }
    CopyMessage read = CopyMessage.decode(typed);
    if (read != null) {
      assertArrayEquals(typed, CopyMessage.encode(read));
    }
  }

  @Example
  void impossibleNumbersAndTextsAreNotRead() {
    byte[] folder = CopyMessage.encode(new Folder(1, "ab", 0755, 0, 0));
    byte[] badText = folder.clone();
    badText[7] = (byte) 0xff;
    assertNull(CopyMessage.decode(badText));
    byte[] badMode = folder.clone();
    badMode[9] = 2;
    assertNull(CopyMessage.decode(badMode));
    byte[] badNanos = folder.clone();
    badNanos[19] = 0x7f;
    assertNull(CopyMessage.decode(badNanos));
    byte[] hole = CopyMessage.encode(new CopyMessage.Hole(1));
    hole[1] = (byte) 0xff;
    assertNull(CopyMessage.decode(hole));
    assertNull(CopyMessage.decode(new byte[CopyMessage.LARGEST_PIECE_BYTES + 2]));
  }
}
