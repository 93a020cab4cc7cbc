package io.posthorn.cli.sockets;

import java.io.IOException;
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
    List<SocketRow> rows =
        ControlChannel.askAll(
            folder, ControlServer.SUFFIX, (file, holder) -> rows(holder.readAll()));
    rows.sort(
        Comparator.comparing(SocketRow::process)
            .thenComparing(SocketRow::local)
            .thenComparing(SocketRow::remote));
    return rows;
  }

  private static List<SocketRow> rows(String answer) {
    List<SocketRow> rows = new ArrayList<>();
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
