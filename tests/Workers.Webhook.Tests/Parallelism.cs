// These tests wait for workers more than they compute.
[assembly: LevelOfParallelism(4)]
