package io.posthorn.testkit;

import io.posthorn.simulation.LinkConditions;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

/**
 * Gives each test method that wants one a {@link TestRelay} with the conditions of its {@link
 * BadNetwork}, closes it afterwards and, if the test failed, says how to see the same again. What
 * goes before the method may take it too: {@code @BeforeEach} and, with JUnit 5.12 or later, the
 * constructor of an instance that is made for that one test.
 *
 * <p>The system property {@code posthorn.seed} takes the place of every seed. While a test runs,
 * what happens to each datagram is written to a file; a test that fails leaves it and says its
 * name, and {@code posthorn.replay=FILE} makes the same of the n-th datagram of each direction
 * again, whatever the conditions. The files lie in {@code posthorn} below {@code target} or {@code
 * build}, whichever there is, or below the folder for temporary files.
 */
public final class PosthornExtension implements ParameterResolver, AfterEachCallback {
  /** A seed that prevails over those of the annotations. */
  public static final String SEED_PROPERTY = "posthorn.seed";

  /** A file that a failing test left: its fates instead of the conditions of the annotations. */
  public static final String REPLAY_PROPERTY = "posthorn.replay";

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(PosthornExtension.class);

  /** Made by the engine. */
  public PosthornExtension() {}

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestRelay.class;
  }

  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    if (context.getTestMethod().isEmpty()) {
      throw new ParameterResolutionException(
          "a TestRelay is closed, and its recording told or deleted, after one test: take it in the"
              + " test or in @BeforeEach, not where it would be of a whole class, as in "
              + parameter.getDeclaringExecutable());
    }
    ExtensionContext.Store store = context.getStore(NAMESPACE);
    TestRelay known = store.get(context.getUniqueId(), TestRelay.class);
    if (known != null) {
      return known;
    }
    TestRelay relay = relay(context);
    store.put(context.getUniqueId(), relay);
    return relay;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    TestRelay relay = context.getStore(NAMESPACE).remove(context.getUniqueId(), TestRelay.class);
    if (relay == null) {
      return;
    }
    relay.close();
    List<Path> recordings = RecordingFile.withDatagrams(relay.recordings());
    Throwable thrown = context.getExecutionException().orElse(null);
    if (thrown != null && !(thrown instanceof TestAbortedException)) {
      String words = howToSeeItAgain(context.getDisplayName(), relay, recordings);
      context.publishReportEntry("posthorn", words);
      System.err.println(words);
    } else {
      RecordingFile.delete(recordings);
    }
  }

  private static TestRelay relay(ExtensionContext context) {
    BadNetwork network = find(context);
    LinkConditions up = LinkConditions.NONE;
    LinkConditions down = LinkConditions.NONE;
    long seed = 0;
    if (network != null) {
      up = LinkConditions.parse(network.up().isEmpty() ? network.value() : network.up());
      down = LinkConditions.parse(network.down().isEmpty() ? network.value() : network.down());
      seed = network.seed();
    }
    String given = System.getProperty(SEED_PROPERTY);
    if (given != null) {
      try {
        seed = Long.parseLong(given.strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "-D" + SEED_PROPERTY + "=" + given + ": expected a whole number", e);
      }
    }
    while (seed == 0) {
      seed = new SecureRandom().nextInt(); // short enough to be typed
    }
    String replay = System.getProperty(REPLAY_PROPERTY);
    Path replayed = replay == null ? null : Path.of(replay.strip());
    return new TestRelay(up, down, seed, RecordingFile.of(context), replayed);
  }

  private static @Nullable BadNetwork find(ExtensionContext context) {
    Optional<BadNetwork> found =
        AnnotationSupport.findAnnotation(context.getElement(), BadNetwork.class);
    Class<?> type = context.getTestClass().orElse(null);
    while (found.isEmpty() && type != null) {
      found = AnnotationSupport.findAnnotation(type, BadNetwork.class);
      type = type.getEnclosingClass();
    }
    return found.orElse(null);
  }

  private static String howToSeeItAgain(String test, TestRelay relay, List<Path> recordings) {
    StringBuilder words = new StringBuilder("posthorn: ").append(test);
    words.append(" failed over ").append(relay);
    words.append("; the same fates: -D").append(SEED_PROPERTY).append('=').append(relay.seed());
    if (!recordings.isEmpty()) {
      words.append(", datagram by datagram: -D").append(REPLAY_PROPERTY).append('=');
      words.append(recordings.get(0));
    }
    return words.toString();
  }
}
