/** Arbitraries for jqwik: bad networks and what goes over them, shrinking to the smallest. */
@NullMarked
package io.posthorn.testkit.jqwik;

import org.jspecify.annotations.NullMarked;
