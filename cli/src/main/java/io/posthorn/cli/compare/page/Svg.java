package io.posthorn.cli.compare.page;

import java.util.List;
import java.util.Locale;

/** Writes one picture in SVG, shape by shape. Colours and type come from the page's style sheet. */
final class Svg {
  private final StringBuilder out = new StringBuilder();

  /** A picture without shapes. */
  Svg(int width, int height, String title) {
    out.append(
        String.format(
            Locale.ROOT,
            "<svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"%s\">%n",
            width,
            height,
            escaped(title)));
  }

  /** Text as markup takes it. */
  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** Words; {@code style} is a class of the style sheet. */
  Svg text(double x, double y, String style, String words) {
    return add("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>", x, y, style, escaped(words));
  }

  Svg line(double fromX, double fromY, double toX, double toY, String style) {
    return add(
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>",
        fromX, fromY, toX, toY, style);
  }

  /** A bar, which says what it is when it is pointed at. */
  Svg bar(double x, double y, double width, double height, String style, String says) {
    return add(
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\">"
            + "<title>%s</title></rect>",
        x, y, width, height, style, escaped(says));
  }

  /** A dot, which says what it is when it is pointed at. */
  Svg dot(double x, double y, String style, String says) {
    return add(
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" class=\"%s\"><title>%s</title></circle>",
        x, y, style, escaped(says));
  }

  /** A line through points, each x and y. */
  Svg path(List<double[]> points, String style) {
    StringBuilder list = new StringBuilder();
    for (double[] point : points) {
      list.append(String.format(Locale.ROOT, "%.1f,%.1f ", point[0], point[1]));
    }
    return add("<polyline points=\"%s\" class=\"%s\"/>", list.toString().strip(), style);
  }

  private Svg add(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
    return this;
  }

  /** The whole picture. */
  String end() {
    return out + "</svg>\n";
  }
}
