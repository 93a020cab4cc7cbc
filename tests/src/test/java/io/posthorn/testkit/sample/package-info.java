/** The example of the tutorial: a small protocol, its property, and the bug that it finds. */
@NullMarked
package io.posthorn.testkit.sample;

import org.jspecify.annotations.NullMarked;
