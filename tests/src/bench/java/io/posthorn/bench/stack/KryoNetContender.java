package io.posthorn.bench.stack;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** KryoNet over TCP in clear, in a class loader of its own: its Kryo is an old one. */
final class KryoNetContender implements Contender {
  private static final int DEFAULT_BUFFER_BYTES = 1 << 20;
  private static final String ENDS = "io.posthorn.bench.kryonet.KryoNetEnds";

  private final String name;
  private final Object ends;

  KryoNetContender(String name, int bufferBytes, int messageBytes, boolean pingPong)
      throws IOException {
    this.name = name;
    int buffer = bufferBytes == 0 ? DEFAULT_BUFFER_BYTES : bufferBytes;
    try {
      ends =
          loader()
              .loadClass(ENDS)
              .getConstructor(int.class, int.class, boolean.class)
              .newInstance(messageBytes, buffer, pingPong);
    } catch (ReflectiveOperationException e) {
      throw new IOException("KryoNet: " + e, e);
    }
  }

  /** Sees the JDK, and what the property names: folders of classes, or of jars. */
  private static ClassLoader loader() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (String folder : System.getProperty("bench.kryonet", "").split(File.pathSeparator)) {
      urls.add(Path.of(folder).toUri().toURL());
      try (Stream<Path> files = Files.list(Path.of(folder))) {
        for (Path jar :
            (Iterable<Path>) files.filter(f -> f.toString().endsWith(".jar"))::iterator) {
          urls.add(jar.toUri().toURL());
        }
      }
    }
    return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() {
    ((Runnable) ends).run();
  }

  @Override
  public long received() {
    return ((LongSupplier) ends).getAsLong();
  }

  @Override
  public void roundTrip() {
    send();
  }

  @Override
  public void close() throws IOException {
    try {
      ((AutoCloseable) ends).close();
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
