function run = prune_round(run, share, plan)
  % The pruning that a run owes when SHARE of its steps are done: a hook of fit.
  %
  % PLAN has initial and final sparsities (one a layer, or one in all for the scope "global"),
  % rounds (how many times connections go), until (the share of steps at which the last ones do),
  % locality and regrow.  The sparsity follows the cubic schedule of Zhu and Gupta 2017.  What is
  % gone stays gone, unless layers have a gate in place of the mask: then it may return.
  round = floor(plan.rounds * min(1, share / plan.until));
  if round == run.round
    return
  end
  run.round = round;
  sparsity = cubic_sparsity(round / plan.rounds, plan.initial, plan.final);
  scores = cellfun(@(layer) pruning_scores(layer, plan), run.layers, 'UniformOutput', false);
  keep = kept(scores, sparsity, plan.scope);
  for k = 1:numel(run.layers)
    if plan.regrow
      run.layers{k}.gate = keep{k};
    else
      keep{k} = keep{k} & run.layers{k}.mask;
      run.layers{k}.mask = keep{k};
      run.open{k} = cast(keep{k}, class(run.layers{k}.weights));
      run.layers{k}.weights(~keep{k}) = 0;
      run.first{k}(~keep{k}) = 0;
    end
  end
end

function keep = kept(scores, sparsity, scope)
  % What stays of each matrix of scores.
  keep = cell(1, numel(scores));
  if strcmp(scope, 'global')
    joined = cellfun(@(score) score(:), scores, 'UniformOutput', false);
    all_kept = keep_largest(vertcat(joined{:}), sparsity);
    last = cumsum(cellfun(@numel, scores));
    for k = 1:numel(scores)
      keep{k} = reshape(all_kept(last(k) - numel(scores{k}) + 1:last(k)), size(scores{k}));
    end
    return
  end
  for k = 1:numel(scores)
    keep{k} = reshape(keep_largest(scores{k}(:), sparsity(k)), size(scores{k}));
  end
end

function scores = pruning_scores(layer, plan)
  % Magnitudes, less where a connection is expensive to code: where few others share its row and
  % column.  An entropy coder pays -log2 (p) bits for a position of probability p, and
  % p ^ LOCALITY is the exponential of minus a multiple of that.
  scores = abs(layer.weights);
  if plan.regrow
    mask = layer.gate;
  else
    mask = layer.mask;
  end
  if plan.locality > 0
    in_row = sum(mask, 2) + 1;
    in_column = sum(mask, 1) + 1;
    p = min(in_row .* in_column / max(sum(mask(:)), 1), 0.5);
    scores = scores .* p.^plan.locality;
  end
  if ~plan.regrow
    scores(~mask) = 0;
  end
end
