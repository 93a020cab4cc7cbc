package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.compare.page.ComparePage;
import io.posthorn.simulation.LinkConditions;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ComparePageTest {
  private static final Pattern PICTURE = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL);
  private static final String[] PLACES = {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy"};

  private static Comparison comparison(int delivered, long p50, long p99, boolean withTcp) {
    ComparePlan plan = new ComparePlan(LinkConditions.parse("delay 20ms"), 100, 200, 160_000, 1, 7);
    Comparison comparison = new Comparison(plan);
    for (Transport transport : Transport.values()) {
      if (transport == Transport.TCP && !withTcp) {
        comparison.notAvailable(transport, "it is <not> here & never was");
        continue;
      }
      long late = delivered < 99 ? DeliveryLog.INFINITE : Math.max(p50, p99);
      DeliverySummary summary =
          new DeliverySummary(
              100, 100, delivered, 0, 0, 0, 150_000, p50, late, late, delivered / 200.0);
      comparison.add(transport, new Measurement(summary, 100, 20_000, 0, "", "", ""));
    }
    return comparison;
  }

  /** Whatever was measured: pictures are well-formed and nothing is drawn outside of them. */
  @Property(tries = 200)
  void everyPictureHoldsWhatIsDrawnInIt(
      @ForAll @Size(min = 1, max = 8) List<@DoubleRange(min = 0, max = 1) Double> losses,
      @ForAll @IntRange(min = 1, max = 100) int delivered,
      @ForAll @LongRange(min = 1_000, max = 3_600_000_000_000L) long p50,
      @ForAll @LongRange(min = 1_000, max = 3_600_000_000_000L) long p99,
      @ForAll boolean withTcp,
      @ForAll boolean swept)
      throws Exception {
    List<SweepStep> steps = new ArrayList<>();
    for (double loss : losses) {
      steps.add(new SweepStep(loss, comparison(delivered, p50, p99, withTcp)));
    }
    String page = ComparePage.of(List.of("a \"heading\" of <b>", "two lines"), swept, steps);
    assertTrue(page.startsWith("<!doctype html>"), page);
    assertFalse(page.contains("<b>") || page.contains("<not>"), "what is said is not markup");
    assertFalse(page.contains("<script") || page.contains("http"), "nothing runs or is loaded");
    Matcher pictures = PICTURE.matcher(page);
    int count = 0;
    while (pictures.find()) {
      check(pictures.group());
      count++;
    }
    assertEquals(2, count);
  }

  /** Of a run that was cut short fewer messages were due than the plan has. */
  @Example
  void whatWasCutShortIsDrawnAsTheTableHasIt() {
    ComparePlan plan = new ComparePlan(LinkConditions.NONE, 100, 200, 160_000, 1, 7);
    Comparison comparison = new Comparison(plan);
    DeliverySummary summary =
        new DeliverySummary(40, 40, 40, 0, 0, 0, 150_000, 1_000, 2_000, 3_000, 1);
    comparison.addCutShort(
        Map.of(Transport.PLAIN, new Measurement(summary, 40, 8_000, 0, "", "", "")));
    String page = ComparePage.of(List.of("heading"), true, List.of(new SweepStep(0, comparison)));
    Matcher hundred = Pattern.compile("y=\"([0-9.]+)\"[^>]*>100 %<").matcher(page);
    Matcher dot = Pattern.compile("<circle [^>]*cy=\"([0-9.]+)\"").matcher(page);
    assertTrue(hundred.find() && dot.find(), page);
    double tickText = Double.parseDouble(hundred.group(1));
    assertEquals(tickText - 4, Double.parseDouble(dot.group(1)), 0.2);
  }

  private static void check(String picture) throws Exception {
    Element svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(picture)))
            .getDocumentElement();
    String[] box = svg.getAttribute("viewBox").split(" ", -1);
    double width = Double.parseDouble(box[2]);
    double height = Double.parseDouble(box[3]);
    NodeList shapes = svg.getElementsByTagName("*");
    assertTrue(shapes.getLength() > 3, picture);
    for (int i = 0; i < shapes.getLength(); i++) {
      Element shape = (Element) shapes.item(i);
      assertNotNull(shape);
      for (String place : PLACES) {
        String at = shape.getAttribute(place);
        if (!at.isEmpty()) {
          double most = place.contains("x") ? width : height;
          double value = Double.parseDouble(at);
          assertTrue(value >= 0 && value <= most, () -> place + " " + at + " in " + picture);
        }
      }
    }
  }
}
