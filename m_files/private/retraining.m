function [layers, view, options] = retraining(op, layers, X, y, options)
  % What retrain_model and its kin begin with: LAYERS held by their masks, what fit asks for
  % samples, and the options, all checked.
  type = class(layers{1}.weights);
  last = layers{end}.activation;
  X = check_samples(op, 'X', X, columns(layers{1}.weights), type);
  y = check_targets(op, 'Y', y, rows(layers{end}.weights), columns(X), type);
  loss = check_loss(op, options.loss, last);
  options = check_training(op, options, numel(layers));
  weight = training_weight(op, options.sample_weight, y);
  layers = cellfun(@held_layer, layers, 'UniformOutput', false);
  objective = batch_objective(loss, last, y, weight);
  view = sample_views(op, X, @(x) objective, options.augment);
end
