package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Any body of the file protocol is one of its messages, which written again is the same bytes, or
 * none; and a name that is taken stays below the folder.
 */
public final class CopyMessageFuzz {
  private static final Path FOLDER = Path.of("/srv/inbox");

  private CopyMessageFuzz() {}

  /** Takes a body. */
  public static void fuzzerTestOneInput(byte[] body) {
    CopyMessage message = CopyMessage.decode(body);
    if (message == null) {
      return;
    }
    assertArrayEquals(body, CopyMessage.encode(message));
    if (message instanceof CopyMessage.Hello hello && !hello.folder().isEmpty()) {
      name(hello.folder());
    } else if (message instanceof CopyMessage.Folder folder) {
      name(folder.path());
    } else if (message instanceof CopyMessage.File file) {
      name(file.path());
    }
  }

  private static void name(String path) {
    if (RelativeName.refusal(path) == null) {
      Path target = FOLDER.resolve(path);
      assertEquals(target, target.normalize());
      assertEquals(true, target.startsWith(FOLDER) && !target.equals(FOLDER), path);
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    byte[] hash = new byte[TreeHash.HASH_BYTES];
    Arrays.fill(hash, (byte) 5);
    List<byte[]> seeds = new ArrayList<>();
    for (CopyMessage message :
        List.of(
            new CopyMessage.Hello(3, 1_000, "photos/2026"),
            new CopyMessage.Folder(1, "photos", 0755, 1_700_000_000, 5),
            new CopyMessage.File(
                2, "photos/a.jpg", 0644, 1_700_000_000, 5, 1_000, 1_000, true, hash),
            new CopyMessage.File(
                2, "../a.jpg", 0644, 0, 0, CopyMessage.UNKNOWN_SIZE, 0, false, new byte[0]),
            new CopyMessage.Start(500),
            new CopyMessage.Piece("content".getBytes(StandardCharsets.US_ASCII), 0),
            new CopyMessage.Hole(4_096),
            new CopyMessage.End(1_000, hash),
            new CopyMessage.GiveUp("gone"),
            new CopyMessage.Done(),
            new CopyMessage.Welcome(),
            new CopyMessage.Answer(2, CopyMessage.THERE, 500, hash),
            new CopyMessage.Progress(700),
            new CopyMessage.Result(2, 73, "no room"))) {
      seeds.add(CopyMessage.encode(message));
    }
    return seeds;
  }
}
