package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Who holds a part, which another process that fills the same folder may want or have. */
@EnabledOnOs(OS.LINUX)
class HeldPartTest {
  private static final HeldPart.Locker NO_LOCKS =
      channel -> {
        throw new IOException("No locks available");
      };

  @TempDir Path folder;
  private Path place;
  private Path path;

  @BeforeEach
  void name() {
    place = folder.resolve("name");
    path = folder.resolve(PartName.of("name"));
  }

  /** Locks a file until its input ends. */
  static final class Holder {
    private Holder() {}

    /** Takes the name of the file. */
    public static void main(String[] arguments) throws IOException {
      try (FileChannel channel =
          FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
        System.out.println(channel.tryLock() != null);
        System.in.readAllBytes();
      }
    }
  }

  /** What is done while another process holds the part. */
  private interface Meanwhile {
    void run() throws Exception;
  }

  private void whileAnotherHolds(Meanwhile action) throws Exception {
    Process other = JavaProcess.start(List.of(), Holder.class, path.toString());
    try (BufferedReader says = other.inputReader()) {
      assertEquals("true", says.readLine());
      action.run();
      other.getOutputStream().close();
      assertEquals(0, other.waitFor());
    } finally {
      other.destroy();
    }
  }

  /** Just before its end it has the permissions of its file, which its name then keeps. */
  @Test
  void whatAnotherHoldsIsRefusedAndStaysAsItIs() throws Exception {
    Files.writeString(path, "its");
    for (String permissions : new String[] {"rw-------", "rw-r--r--"}) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
      whileAnotherHolds(
          () ->
              assertEquals(
                  Refused.TRY_AGAIN,
                  assertThrows(Refused.class, () -> HeldPart.open(path, place)).code()));
      assertEquals("its", Files.readString(path));
      assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }
    HeldPart.open(path, place).remove();
  }

  /** The JDK drops the lock of a file whose times it sets. */
  @Test
  void whoeverWasFasterThanALockThatWasDroppedKeepsThePart() throws Exception {
    HeldPart part = HeldPart.open(path, place);
    FileChannel.open(path, StandardOpenOption.READ).close();
    whileAnotherHolds(
        () -> {
          assertEquals(Refused.TRY_AGAIN, assertThrows(Refused.class, part::lockAgain).code());
          part.remove();
          assertTrue(Files.exists(path), "taken away from who has it");
        });
    HeldPart.open(path, place).remove();
  }

  @Test
  void withoutLocksAPartIsHeldWithinTheProcessAllTheSame() throws Exception {
    HeldPart part = HeldPart.open(path, place, NO_LOCKS);
    assertEquals(
        75, assertThrows(Refused.class, () -> HeldPart.open(path, place, NO_LOCKS)).code());
    part.channel().write(ByteBuffer.wrap("kept".getBytes(UTF_8)));
    part.lockAgain();
    part.close();
    HeldPart again = HeldPart.open(path, place, NO_LOCKS);
    assertEquals("kept", Files.readString(again.path()));
    again.remove();
  }

  @Test
  void whatAnotherProcessHasLockedIsRefused() throws Exception {
    assertEquals(
        75, assertThrows(Refused.class, () -> HeldPart.open(path, place, channel -> null)).code());
    HeldPart.open(path, place, NO_LOCKS).remove(); // nothing of it is held
  }
}
