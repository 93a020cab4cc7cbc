package io.posthorn.cli.sockets;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Asks all running programs of this user for their sockets. */
public final class SocketSurvey {
  private SocketSurvey() {}

  /**
   * Asks everybody in a folder; sockets that nobody holds any more are removed.
   *
   * @return the rows, by local endpoint
   * @throws IOException if the folder is not this user's alone
   */
  public static List<SocketRow> ask(Path folder) throws IOException {
    List<SocketRow> rows = new ArrayList<>();
    if (!Files.exists(folder)) {
      return rows;
    }
    ControlFolder.check(folder);
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, "*" + ControlServer.SUFFIX)) {
      for (Path file : files) {
        rows.addAll(askOne(file));
      }
    }
    rows.sort(
        Comparator.comparing(SocketRow::process)
            .thenComparing(SocketRow::local)
            .thenComparing(SocketRow::remote));
    return rows;
  }

  private static List<SocketRow> askOne(Path file) throws IOException {
    List<SocketRow> rows = new ArrayList<>();
    String answer;
    try (ControlChannel channel = ControlChannel.connect(file)) {
      answer = channel.readAll();
    } catch (ConnectException dead) {
      Files.deleteIfExists(file); // its process was killed
      return rows;
    } catch (NoSuchFileException gone) {
      return rows;
    } catch (IOException silent) {
      return rows; // a program that is stopped, or ends just now
    }
    String[] lines = answer.split("\n", -1);
    if (!lines[0].equals(ControlServer.FIRST_LINE)) {
      return rows; // of another version, which says something else
    }
    for (int at = 1; at < lines.length; at++) {
      SocketRow row = SocketRow.ofLine(lines[at]);
      if (row != null) {
        rows.add(row);
      }
    }
    return rows;
  }
}
