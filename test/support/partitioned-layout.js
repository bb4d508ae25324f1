// Test databases have partitions, unless a test names their layout.
process.env.TEST_LAYOUT = 'partitioned';
