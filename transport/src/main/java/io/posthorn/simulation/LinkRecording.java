package io.posthorn.simulation;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a bad network did to each datagram, to be done again by {@link LinkConditions#replaying}:
 * the n-th datagram of a direction meets what the n-th met then, whenever it comes and whatever it
 * holds. After the last one it starts over; a flow beyond those recorded, which are the first
 * 65,536, takes theirs in turn. A {@link Relay} counts each client as a flow, a {@link
 * SimulatedNetwork} each pair of hosts: that of the first two is flow 0, and up is from the one of
 * the two whose address was named to the network first. Everything else is flow 0.
 *
 * <p>The file is text, a line for each datagram, in the order in which they came:
 *
 * <pre>
 * posthorn-recording 1
 * # up: delay 40ms loss 5%
 * 0 up 1 1204417 200 passed 40000000
 * 0 up 2 1404513 200 lost
 * 0 up 3 1604712 200 passed 40000000 copy 40000000 bit 77 reordered
 * </pre>
 *
 * <p>That is: flow, direction, number from 1, nanoseconds since the start, bytes, fate; of what
 * passed also its delay in nanoseconds, that of its copy, the bit that was flipped, and whether it
 * was taken out of turn. Lines that begin with {@code #} are for people.
 *
 * <p>Immutable once read.
 */
public final class LinkRecording {
  /** No copy, no flipped bit. */
  static final long NONE = -1;

  static final String FIRST_LINE = "posthorn-recording 1";

  /** Those beyond are not recorded. */
  static final int MOST_FLOWS = 65_536;

  private static final int LEAST_WORDS = 6;

  /** The file could be read, and is not a recording. */
  private static final class NotARecording extends IOException {
    private static final long serialVersionUID = 1L;

    NotARecording(String message) {
      super(message);
    }
  }

  private final String source;
  private final List<RecordedWay> ways = new ArrayList<>(); // two for each flow

  private LinkRecording(String source) {
    this.source = source;
  }

  /**
   * Reads a recording.
   *
   * @throws IOException if the file cannot be read or is no recording, naming file and line
   */
  public static LinkRecording read(Path file) throws IOException {
    LinkRecording recording = new LinkRecording(file.toString());
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
      if (!FIRST_LINE.equals(lines.readLine())) {
        throw recording.wrong(1, "\"" + FIRST_LINE + "\"");
      }
      int number = 1;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank() && !line.startsWith("#")) {
          recording.add(line.split(" ", -1), number);
        }
      }
    } catch (NotARecording named) {
      throw named;
    } catch (NoSuchFileException absent) {
      throw new IOException(file + ": no such file", absent);
    } catch (CharacterCodingException binary) {
      throw new IOException(file + ": not a recording, for it is not plain text", binary);
    } catch (AccessDeniedException denied) {
      throw new IOException(file + ": not allowed to read it", denied);
    } catch (IOException unreadable) {
      throw new IOException(file + ": " + unreadable.getMessage(), unreadable);
    }
    if (recording.ways.isEmpty()) {
      throw new IOException(file + ": the recording holds no datagram");
    }
    return recording;
  }

  private void add(String[] words, int line) throws IOException {
    if (words.length < LEAST_WORDS) {
      throw wrong(line, "flow, direction, number, nanoseconds, bytes and fate");
    }
    long flow = number(words[0], line, "the number of a flow");
    if (flow >= MOST_FLOWS) {
      throw wrong(line, "a flow below " + MOST_FLOWS);
    }
    int direction =
        switch (words[1]) {
          case "up" -> 0;
          case "down" -> 1;
          default -> throw wrong(line, "up or down");
        };
    while (ways.size() <= 2 * flow + 1) {
      ways.add(new RecordedWay());
    }
    RecordedWay way = ways.get((int) (2 * flow + direction));
    if (number(words[2], line, "a number") != way.count() + 1L) {
      throw wrong(line, "number " + (way.count() + 1) + ", for none may be missing");
    }
    DatagramFate fate = fate(words[5], line);
    boolean passed = fate == DatagramFate.PASSED;
    if (passed && words.length == LEAST_WORDS) {
      throw wrong(line, "the delay of what passed");
    }
    long delay = passed ? nanos(words[LEAST_WORDS], line) : 0;
    long copy = NONE;
    long bit = NONE;
    boolean reordered = false;
    int at = passed ? LEAST_WORDS + 1 : LEAST_WORDS;
    while (at < words.length) {
      String word = words[at++];
      String value = at < words.length ? words[at] : "";
      switch (word) {
        case "copy" -> copy = nanos(value, line);
        case "bit" -> bit = number(value, line, "the number of a bit");
        case "reordered" -> {
          reordered = true;
          at--;
        }
        default -> throw wrong(line, "copy, bit or reordered");
      }
      at++;
    }
    way.add(fate, reordered, delay, copy, bit);
  }

  private DatagramFate fate(String word, int line) throws IOException {
    for (DatagramFate fate : DatagramFate.values()) {
      if (word.equals(name(fate)) && fate.compareTo(DatagramFate.QUEUE_FULL) <= 0) {
        return fate;
      }
    }
    throw wrong(line, "a fate: passed, lost, outage, too_large or queue_full");
  }

  static String name(DatagramFate fate) {
    return fate.name().toLowerCase(Locale.ROOT);
  }

  private long nanos(String word, int line) throws IOException {
    long nanos = number(word, line, "nanoseconds");
    if (nanos > LinkUnits.LONGEST_NANOS) {
      throw wrong(line, "a delay of at most a year");
    }
    return nanos;
  }

  private long number(String word, int line, String what) throws IOException {
    if (!word.matches("[0-9]{1,18}")) {
      throw wrong(line, what);
    }
    return Long.parseLong(word);
  }

  private IOException wrong(int line, String expected) {
    return new NotARecording(source + ": line " + line + ": expected " + expected);
  }

  /** Where it was read from. */
  public String source() {
    return source;
  }

  /** How many flows it holds, 1 or more. */
  public int flows() {
    return ways.size() / 2;
  }

  /**
   * Datagrams recorded of one direction of one flow.
   *
   * @param flow 0 to {@code flows() - 1}
   * @param direction 0 for up, 1 for down
   */
  public int datagrams(int flow, int direction) {
    return ways.get(2 * flow + direction).count();
  }

  /** The directions beyond 0 and 1 have been recorded by nobody: they take those in turn. */
  RecordedWay way(int flow, int direction) {
    return ways.get(2 * Math.floorMod(flow, flows()) + (direction & 1));
  }
}
