package io.posthorn.testkit;

import io.posthorn.testkit.sample.FixedTally;

/** The tutorial's protocol after its bug was mended. */
class FixedTallyProperties extends FixedTally {}
