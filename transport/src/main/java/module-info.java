/**
 * Messages over UDP, plain or reliable, and the simulated network that both run in.
 *
 * <p>Only the exported packages are public; every other one may change without notice.
 */
@SuppressWarnings("requires-automatic") // Kryo 5.6.2 has a module name but no descriptor
module io.posthorn {
  requires static transitive org.jspecify;
  requires com.esotericsoftware.kryo;

  exports io.posthorn;
  exports io.posthorn.simulation;
}
