function run = pull_weights(run, share, plan)
  % Draws the weights of a run towards their levels, harder and harder: a hook of fit.
  %
  % This is the penalty of learning-compression (Carreira-Perpinan and Idelbayev 2017): the network
  % is free to move at first, and in the end each weight is at a level.  PLAN has from and to (the
  % share of the way that a weight goes in the first and in the last step) and every (steps
  % between two new clusterings); RUN has levels and places (where a weight may be) by layer.
  pull = plan.from * (plan.to / plan.from)^share;
  for k = 1:numel(run.layers)
    places = run.places{k};
    w = reshape(run.layers{k}.weights(places), [], 1);
    if mod(run.step - 1, plan.every) == 0
      run.levels{k} = kmeans_levels(double(sort(w)), run.levels{k});
    end
    levels = cast(run.levels{k}, class(w));
    goal = levels(nearest_level(double(w), run.levels{k}.') + 1);
    run.layers{k}.weights(places) = w + pull * (reshape(goal, size(w)) - w);
  end
end
