package io.posthorn.cli.compare.page;

import io.posthorn.cli.compare.CompareReport;
import io.posthorn.cli.compare.CompareTable;
import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.SweepReport;
import io.posthorn.cli.compare.SweepStep;
import java.util.List;

/** The page. */
public final class ComparePage {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --ink: #1c2430; --faint: #c9d0d8; --paper: #fff;
        --plain: #c2571a; --reliable: #1766b5; --tcp: #4c7d2b; --lost: #9aa3ad; }
      @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ed; --faint: #46505c;
        --paper: #14181d; --plain: #f0935a; --reliable: #6cb2f5; --tcp: #93c76c; --lost: #6b7480; } }
      body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
        max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
      svg { width: 100%; height: auto; }
      svg text { fill: var(--ink); font-size: 13px; }
      svg .tick, svg .dot { text-anchor: middle; font-size: 12px; } svg .ytick { text-anchor: end; }
      svg .inside { fill: var(--paper); } svg .name { font-weight: 600; }
      svg .grid { stroke: var(--faint); stroke-width: 1; }
      svg .never { stroke: var(--lost); stroke-dasharray: 4 3; }
      svg line.plain, polyline.plain { stroke: var(--plain); }
      svg line.reliable, polyline.reliable { stroke: var(--reliable); }
      svg line.tcp, polyline.tcp { stroke: var(--tcp); }
      svg line.plain, svg line.reliable, svg line.tcp, polyline { stroke-width: 2; fill: none; }
      rect.plain, circle.plain { fill: var(--plain); }
      rect.reliable, circle.reliable { fill: var(--reliable); }
      rect.tcp, circle.tcp { fill: var(--tcp); } rect.late { opacity: 0.6; }
      rect.lost { fill: var(--lost); }
      pre { overflow-x: auto; font-size: 0.8rem; line-height: 1.4; }
      """;

  private ComparePage() {}

  /**
   * The whole page.
   *
   * @param heading what was compared, and where
   * @param swept whether the steps are those of a sweep; else there is one
   * @param steps what was compared, one or more
   * @return HTML
   */
  public static String of(List<String> heading, boolean swept, List<SweepStep> steps) {
    StringBuilder body = new StringBuilder();
    body.append("<h1>posthorn compare</h1>\n<p>");
    body.append(Svg.escaped(String.join(" ", heading))).append("</p>\n");
    Comparison first = steps.get(0).comparison();
    if (swept) {
      section(body, "Delivered", SweepChart.ofDelivered(steps));
      section(body, "Latency that 99 % of all messages kept", SweepChart.ofLatency(steps));
      section(body, "Figures", preformatted(SweepReport.lines(steps)));
      for (SweepStep step : steps) {
        body.append("<details><summary>All figures at ")
            .append(Svg.escaped(step.lossText()))
            .append(" loss</summary>\n")
            .append(preformatted(CompareTable.lines(step.comparison())))
            .append("</details>\n");
      }
    } else {
      section(body, "What became of the messages", FateChart.of(first));
      section(body, "Latency, from when a message was due", LatencyChart.of(first));
      section(body, "Figures", preformatted(CompareReport.lines(first)));
    }
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        + "<meta name=\"viewport\" content=\"width=device-width\">\n"
        + "<title>posthorn compare</title>\n<style>\n"
        + STYLE
        + "</style>\n</head>\n<body>\n"
        + body
        + "</body>\n</html>\n";
  }

  private static void section(StringBuilder body, String title, String content) {
    body.append("<h2>").append(Svg.escaped(title)).append("</h2>\n").append(content);
  }

  private static String preformatted(List<String> lines) {
    return "<pre>" + Svg.escaped(String.join("\n", lines)) + "</pre>\n";
  }
}
