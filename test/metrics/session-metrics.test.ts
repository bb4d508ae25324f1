import { memory } from '../../lib';
import { sessionMetrics } from '../../lib/metrics/session-metrics';
import { managerOn } from '../support/manager';

describe('sessionMetrics', () => {
  it('has an empty state before a manager is observed, and then the state of the manager', () => {
    const metrics = sessionMetrics(() => undefined);
    expect(metrics.health()).toEqual({});
    const manager = managerOn({ store: memory() });
    metrics.observe(manager);
    expect(metrics.health()).toEqual(manager.health());
  });

  it('refuses a second manager, and goes on observing the first one', () => {
    const metrics = sessionMetrics(() => undefined);
    const manager = managerOn({ store: memory() });
    metrics.observe(manager);
    expect(() => metrics.observe(managerOn({ store: memory() }))).toThrow(/with another `prefix`/);
    expect(() => metrics.observe(manager)).not.toThrow();
  });

  it('refuses another object than a manager', () => {
    expect(() => sessionMetrics(() => undefined).observe({} as never)).toThrow(/needs the manager/);
  });
});
