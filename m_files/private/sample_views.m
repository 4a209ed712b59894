function view = sample_views(op, x, objective_of, augment)
  % What fit asks for samples and their loss: X itself, or X warped anew each time.
  if isempty(augment)
    objective = objective_of(x);
    view = @() deal(x, objective);
    return
  end
  if ~(isstruct(augment) && isscalar(augment))
    type_error(op, 'AUGMENT', 'be a struct of options of warp_images');
  end
  pairs = [fieldnames(augment), struct2cell(augment)].';
  warp = check_warp(op, parse_options(op, warp_defaults(struct()), pairs(:).'), rows(x));
  view = @() warped_view(x, objective_of, warp);
end

function [x, objective] = warped_view(x, objective_of, warp)
  x = warp_groups(x, warp);
  objective = objective_of(x);
end
