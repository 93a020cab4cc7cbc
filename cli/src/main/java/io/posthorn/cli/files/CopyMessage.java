package io.posthorn.cli.files;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What sender and receiver of files say to each other (COPY.md §2). */
public sealed interface CopyMessage {
  /** Longest text of a message, in bytes of UTF-8. */
  int LARGEST_TEXT_BYTES = 4_096;

  /** Largest piece of content. */
  int LARGEST_PIECE_BYTES = 64 << 10;

  /** The length of content that is not known before its end. */
  long UNKNOWN_SIZE = -1;

  /** Code of a result: stored. */
  int STORED = 0;

  /** Code of a result or an answer: the same content is there already. */
  int THERE = 1;

  /**
   * The sender begins.
   *
   * @param entries files and folders to come
   * @param bytes of content to come
   * @param folder where below the receiver's folder; empty for there itself
   */
  record Hello(long entries, long bytes, String folder) implements CopyMessage {}

  /**
   * A folder.
   *
   * @param mode permission bits, 0 to 0777
   * @param seconds time of last change since 1970
   * @param nanos of that second
   */
  record Folder(int id, String path, int mode, long seconds, int nanos) implements CopyMessage {}

  /**
   * A file, whose content follows.
   *
   * @param size of its content, or {@link #UNKNOWN_SIZE}
   * @param dataBytes of its content that are not in holes, at most
   * @param waits whether the sender waits for an {@link Answer} before the content
   * @param hash of its content, empty if the sender does not know it yet
   */
  record File(
      int id,
      String path,
      int mode,
      long seconds,
      int nanos,
      long size,
      long dataBytes,
      boolean waits,
      byte[] hash)
      implements CopyMessage {}

  /** The content begins at this offset; what is kept behind it is given up. */
  record Start(long offset) implements CopyMessage {}

  /** The next bytes of the content: those of the array from {@code from} on. */
  record Piece(byte[] bytes, int from) implements CopyMessage {}

  /** The next bytes of the content are zeros. */
  record Hole(long length) implements CopyMessage {}

  /** The content is complete. */
  record End(long size, byte[] hash) implements CopyMessage {}

  /** The sender cannot go on with this file. */
  record GiveUp(String reason) implements CopyMessage {}

  /** The sender has sent all; the receiver answers the same when all is stored. */
  record Done() implements CopyMessage {}

  /** The receiver takes files. */
  record Welcome() implements CopyMessage {}

  /**
   * How the receiver wants a file whose sender waits.
   *
   * @param code {@link #STORED} to have the content sent, {@link #THERE} or more to have it not
   *     sent
   * @param kept bytes of it that are here from an earlier try
   * @param hash of those
   */
  record Answer(int id, int code, long kept, byte[] hash) implements CopyMessage {}

  /** So many bytes of content are stored so far, those found here included. */
  record Progress(long bytes) implements CopyMessage {}

  /**
   * What became of a file or folder.
   *
   * @param code {@link #STORED}, {@link #THERE}, or the exit status that says what is wrong
   * @param reason in words; empty if nothing is
   */
  record Result(int id, int code, String reason) implements CopyMessage {}

  /** As it is sent. */
  static byte[] encode(CopyMessage message) {
    Writer out = new Writer();
    if (message instanceof Hello hello) {
      out.type('H').number(hello.entries).number(hello.bytes).text(hello.folder);
    } else if (message instanceof Folder folder) {
      out.type('D').id(folder.id).text(folder.path).mode(folder.mode);
      out.number(folder.seconds).id(folder.nanos);
    } else if (message instanceof File file) {
      out.type('F').id(file.id).text(file.path).mode(file.mode);
      out.number(file.seconds).id(file.nanos).number(file.size).number(file.dataBytes);
      out.flag(file.waits).bytes(file.hash);
    } else if (message instanceof Start start) {
      out.type('S').number(start.offset);
    } else if (message instanceof Piece piece) {
      out.type('B').bytes(piece.bytes, piece.from);
    } else if (message instanceof Hole hole) {
      out.type('Z').number(hole.length);
    } else if (message instanceof End end) {
      out.type('E').number(end.size).bytes(end.hash);
    } else if (message instanceof GiveUp giveUp) {
      out.type('X').text(giveUp.reason);
    } else if (message instanceof Done) {
      out.type('Q');
    } else if (message instanceof Welcome) {
      out.type('W');
    } else if (message instanceof Answer answer) {
      out.type('A').id(answer.id).code(answer.code).number(answer.kept).bytes(answer.hash);
    } else if (message instanceof Progress progress) {
      out.type('P').number(progress.bytes);
    } else if (message instanceof Result result) {
      out.type('R').id(result.id).code(result.code).text(result.reason);
    }
    return out.toBytes();
  }

  /** Reads what came; null for anything that is not one of these, whole and nothing behind. */
  static @Nullable CopyMessage decode(byte[] bytes) {
    if (bytes.length == 0) {
      return null;
    }
    if (bytes[0] == 'B') {
      return bytes.length - 1 > LARGEST_PIECE_BYTES ? null : new Piece(bytes, 1);
    }
    try {
      Reader in = new Reader(bytes);
      CopyMessage message =
          switch (bytes[0]) {
            case 'H' -> new Hello(in.size(), in.size(), in.text());
            case 'D' -> new Folder(in.id(), in.text(), in.mode(), in.number(), in.nanos());
            case 'F' ->
                new File(
                    in.id(),
                    in.text(),
                    in.mode(),
                    in.number(),
                    in.nanos(),
                    in.number(),
                    in.size(),
                    in.flag(),
                    in.hash(true));
            case 'S' -> new Start(in.size());
            case 'Z' -> new Hole(in.size());
            case 'E' -> new End(in.size(), in.hash(false));
            case 'X' -> new GiveUp(in.text());
            case 'Q' -> new Done();
            case 'W' -> new Welcome();
            case 'A' -> new Answer(in.id(), in.code(), in.size(), in.hash(true));
            case 'P' -> new Progress(in.size());
            case 'R' -> new Result(in.id(), in.code(), in.text());
            default -> throw new BufferUnderflowException();
          };
      in.end();
      return message;
    } catch (BufferUnderflowException malformed) {
      return null;
    }
  }

  /** Puts fields one behind the other, numbers big-endian. */
  final class Writer {
    private final java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream(64);

    private Writer() {}

    Writer type(char type) {
      out.write(type);
      return this;
    }

    Writer number(long value) {
      out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
      return this;
    }

    Writer id(int value) {
      out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
      return this;
    }

    Writer mode(int value) {
      out.write(value >> 8);
      out.write(value);
      return this;
    }

    Writer code(int value) {
      out.write(value);
      return this;
    }

    Writer flag(boolean value) {
      out.write(value ? 1 : 0);
      return this;
    }

    Writer text(String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      int length = Math.min(bytes.length, LARGEST_TEXT_BYTES);
      mode(length);
      out.write(bytes, 0, length);
      return this;
    }

    Writer bytes(byte[] value) {
      return bytes(value, 0);
    }

    Writer bytes(byte[] value, int from) {
      out.write(value, from, value.length - from);
      return this;
    }

    byte[] toBytes() {
      return out.toByteArray();
    }
  }

  /** Takes fields; {@link BufferUnderflowException} for whatever is wrong. */
  final class Reader {
    private static final int NANOS_LIMIT = 1_000_000_000;
    private static final int MODE_LIMIT = 0777;

    private final ByteBuffer in;

    private Reader(byte[] bytes) {
      in = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
    }

    long number() {
      return in.getLong();
    }

    long size() {
      return checked(in.getLong(), Long.MAX_VALUE);
    }

    int id() {
      return in.getInt();
    }

    int nanos() {
      return (int) checked(in.getInt(), NANOS_LIMIT - 1);
    }

    int mode() {
      return (int) checked(in.getShort(), MODE_LIMIT);
    }

    int code() {
      return in.get() & 0xff;
    }

    boolean flag() {
      return checked(in.get(), 1) == 1;
    }

    private static long checked(long value, long most) {
      if (value < 0 || value > most) {
        throw new BufferUnderflowException();
      }
      return value;
    }

    String text() {
      int length = (int) checked(in.getShort(), LARGEST_TEXT_BYTES);
      byte[] bytes = new byte[(int) checked(length, in.remaining())];
      in.get(bytes);
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (java.nio.charset.CharacterCodingException notText) {
        throw new BufferUnderflowException();
      }
    }

    /** The rest, which is a hash, or nothing where that is allowed. */
    byte[] hash(boolean mayBeAbsent) {
      byte[] bytes = new byte[in.remaining()];
      in.get(bytes);
      if (bytes.length != TreeHash.HASH_BYTES && !(mayBeAbsent && bytes.length == 0)) {
        throw new BufferUnderflowException();
      }
      return bytes;
    }

    void end() {
      if (in.hasRemaining()) {
        throw new BufferUnderflowException();
      }
    }
  }
}
