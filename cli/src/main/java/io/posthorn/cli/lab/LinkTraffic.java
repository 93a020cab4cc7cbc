package io.posthorn.cli.lab;

/**
 * What one direction of a flow put on the wire, in IP packets and their bytes, headers included.
 *
 * @param sentDatagrams packets that entered the link
 * @param sentBytes their bytes
 * @param deliveredDatagrams packets that came out of it, copies included
 * @param deliveredBytes their bytes
 */
public record LinkTraffic(
    long sentDatagrams, long sentBytes, long deliveredDatagrams, long deliveredBytes) {

  void put(LabLine line, String prefix) {
    line.put(prefix + "SentDatagrams", sentDatagrams)
        .put(prefix + "SentBytes", sentBytes)
        .put(prefix + "DeliveredDatagrams", deliveredDatagrams)
        .put(prefix + "DeliveredBytes", deliveredBytes);
  }

  static LinkTraffic parse(LabLine line, String prefix) {
    return new LinkTraffic(
        line.number(prefix + "SentDatagrams"),
        line.number(prefix + "SentBytes"),
        line.number(prefix + "DeliveredDatagrams"),
        line.number(prefix + "DeliveredBytes"));
  }
}
