/**
 * Messages over UDP, plain or reliable, and the simulated network that both run in.
 *
 * <p>Only the exported packages are public; every other one may change without notice.
 */
// Kryo 5.6.2 has a module name but no descriptor; users who register a serializer extend its class
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.posthorn {
  requires static transitive org.jspecify;
  requires transitive com.esotericsoftware.kryo;
  requires com.sun.jna;
  requires static jdk.jfr;
  requires static micrometer.core; // not transitive: users without it could not even compile

  exports io.posthorn;
  exports io.posthorn.capture;
  exports io.posthorn.codec;
  exports io.posthorn.identity;
  exports io.posthorn.micrometer;
  exports io.posthorn.simulation;
  exports io.posthorn.trace;
}
