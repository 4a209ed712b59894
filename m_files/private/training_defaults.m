function options = training_defaults(options)
  % OPTIONS with the names and defaults that every training function shares.
  shared = struct('solver', 'adam', 'epochs', 100, 'batch_size', 32, 'learning_rate', [], ...
                  'annealing', 'none', 'weight_decay', 0, 'dropout', 0, 'augment', [], ...
                  'sample_weight', [], 'seed', 0, 'progress', false, 'callback', []);
  names = fieldnames(shared);
  for k = 1:numel(names)
    options.(names{k}) = shared.(names{k});
  end
end
