// Two systems side by side: these tests wait for processes more than they compute.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(2)]
