/**
 * The figures of a comparison as a web page: one file, no script, nothing loaded from elsewhere.
 */
@NullMarked
package io.posthorn.cli.compare.page;

import org.jspecify.annotations.NullMarked;
