package io.ruido.worker.denoise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class BatchCurveTest {
    private static final int WAITING = 16;

    private final BatchCurve curve = new BatchCurve();

    @Test
    void batchesGrowForAsLongAsThatPays() {
        run(200, rows -> 20 + rows);
        assertThat(curve.limit()).isGreaterThanOrEqualTo(WAITING);
    }

    @Test
    void batchesStaySmallWhereARowCostsTheSameInAnyOfThem() {
        run(200, rows -> 20 * rows);
        assertThat(curve.limit()).isLessThanOrEqualTo(2);
    }

    @Test
    void batchesShrinkWhenTheMachineHasNoMoreRoomForThem() {
        run(200, rows -> 20 + rows);
        run(2000, rows -> 20 * rows);
        assertThat(curve.limit()).isLessThanOrEqualTo(2);
    }

    @Test
    void batchesThatDidNotFitAreNotTriedAgain() {
        run(20, rows -> 20 + rows);
        curve.tooMany(8);
        run(500, rows -> {
            assertThat(rows).isLessThanOrEqualTo(4);
            return 20 + rows;
        });
    }

    private void run(int calls, IntToDoubleFunction seconds) {
        for (int i = 0; i < calls; i++) {
            int rows = Math.min(WAITING, curve.limit());
            curve.record(rows, seconds.applyAsDouble(rows));
        }
    }
}
